const MIB = 1024 * 1024;

/** The deepest message that the protocol has is 13 elements deep; deeper is an attack on the stack. */
export const MAX_DEPTH = 32;

/** 512 changes of 100 elements in 2 collections are 100,000; each element costs some 100 bytes. */
export const MAX_ELEMENTS = 200_000;

/** A body or attachment sent as text; V8 holds up to 512 MiB in a string, we need not. */
export const MAX_STRING_BYTES = 32 * MIB;

/** A message with its attachments (ComposeMail:Mime); the HTTP limit is normally lower. */
export const MAX_OPAQUE_BYTES = 64 * MIB;

/** Two bytes may name a long string again and again; no known client uses the table at all. */
export const MAX_TABLE_BYTES = MIB;
