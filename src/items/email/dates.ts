/** Dates as mail headers have them. */

/** "Tue, 24 Nov 2026 00:00:00 +0000" (RFC 5322 3.3; GMT is obsolete there). */
export function rfc5322Date(date: Date): string {
  return date.toUTCString().replace("GMT", "+0000");
}
