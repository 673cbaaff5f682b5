/** Topic of a conversation (MS-ASEMAIL 2.2.2.77): the subject without what replies put in front. */

/** Reply and forward marks of mailers in their users' languages, each followed by a colon. */
const mark =
  /^(?:re|r|aw|antw|sv|vs|odp|ynt|ref|rif|res|fw|fwd|wg|tr|rv|enc|vb|vl|doorst|i|pd|转发|回复|答复|回覆|轉寄|返信)(?:\s?[[(]\d{1,3}[\])])?\s?[:：]\s*/iu;

/** Subjects that grew longer chains of marks than this are left with the rest of them. */
const maxMarks = 50;

/** A subject without its reply and forward marks; a subject made of marks alone stays. */
export function threadTopic(subject: string): string {
  let topic = subject.trim();
  for (let count = 0; count < maxMarks; count++) {
    const next = topic.replace(mark, "");
    if (next === topic) break;
    topic = next;
  }
  return topic === "" ? subject.trim() : topic;
}
