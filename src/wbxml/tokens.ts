/** Global tokens of WBXML that ActiveSync streams may hold (MS-ASWBXML 1.6, WBXML 1.3 7.1). */
export const SWITCH_PAGE = 0x00;
/** Ends an element with content or a list of attributes. */
export const END = 0x01;
/** A character by its number. */
export const ENTITY = 0x02;
/** A string up to the next NUL. */
export const STR_I = 0x03;
/** An element whose name is in the string table. */
export const LITERAL = 0x04;
/** First of three extensions with an inline string. */
export const EXT_I_0 = 0x40;
/** A processing instruction. */
export const PI = 0x43;
/** First of three extensions with an integer. */
export const EXT_T_0 = 0x80;
/** A string in the string table. */
export const STR_T = 0x83;
/** First of three extensions without anything. */
export const EXT_0 = 0xc0;
/** Bytes with their length before them. */
export const OPAQUE = 0xc3;

/** Bit of a tag that has content. */
export const HAS_CONTENT = 0x40;
/** Bit of a tag that has attributes. */
export const HAS_ATTRIBUTES = 0x80;
/** The bits of a tag that are its token. */
export const TOKEN = 0x3f;

/** Charset numbers (IANA MIBenum) that can be read as UTF-8. */
export const UTF_8 = 106;
/** A part of UTF-8. */
export const US_ASCII = 3;
