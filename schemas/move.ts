import { movePage } from "./code-pages/move.ts";
import { command } from "./command.ts";
import * as v from "./vocabulary.ts";

const move = v.struct(movePage, { SrcMsgId: v.text, SrcFldId: v.text, DstFldId: v.text });

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
