/** What XML 1.0 forbids in text, beside lone surrogates. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/u;
// oxlint-disable-next-line no-control-regex -- as above
const allForbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/gu;

/**
 * A string without the characters that XML forbids: with one of them in an item, phones stop to
 * synchronise its folder for ever.
 */
export function clean(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return forbidden.test(wellFormed) ? wellFormed.replace(allForbidden, "") : wellFormed;
}
