import { movePage } from "./code-pages/move.ts";
import { command } from "./command.ts";
import * as v from "./vocabulary.ts";

/** More than one DstFldId has a Status of its own (MS-ASCMD 2.2.3.177.10, R4222). */
const move = v.struct(movePage, {
  SrcMsgId: v.text,
  SrcFldId: v.text,
  DstFldId: v.list(v.text),
});

/** MoveItems (MS-ASCMD 2.2.1.12). */
export const moveItems = command("MoveItems", {
  page: movePage,
  code: 13,
  request: v.struct(movePage, { Move: v.list(move) }),
  response: v.struct(movePage, {
    Status: v.optional(v.integer),
    Response: v.list(
      v.struct(movePage, {
        SrcMsgId: v.text,
        Status: v.integer,
        DstMsgId: v.optional(v.text),
      }),
    ),
  }),
});
