import { body } from "./air-sync-base.ts";
import { airSyncBasePage } from "./code-pages/air-sync-base.ts";
import { meetingResponsePage } from "./code-pages/meeting-response.ts";
import { searchPage } from "./code-pages/search.ts";
import { command } from "./command.ts";
import * as v from "./vocabulary.ts";

const page = meetingResponsePage;

const sendResponse = v.struct(page, {
  Body: v.from(airSyncBasePage, v.optional(body)),
  ProposedStartTime: v.since("16.1", v.compactDateTime),
  ProposedEndTime: v.since("16.1", v.compactDateTime),
});

const response = v.struct(page, {
  UserResponse: v.integer,
  CollectionId: v.optional(v.text),
  RequestId: v.optional(v.text),
  LongId: v.from(searchPage, v.optional(v.text)),
  InstanceId: v.since("14.1", v.text),
  SendResponse: v.since("16.0", sendResponse),
});

/** MeetingResponse (MS-ASCMD 2.2.1.11). */
export const meetingResponse = command("MeetingResponse", {
  page,
  code: 15,
  request: v.struct(page, { Request: v.list(response) }),
  response: v.struct(page, {
    Result: v.list(
      v.struct(page, {
        RequestId: v.optional(v.text),
        Status: v.integer,
        CalendarId: v.optional(v.text),
        InstanceId: v.since("16.0", v.text),
      }),
    ),
  }),
});
