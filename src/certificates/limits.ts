/** Limits of checking certificates, each with its reason. */

/** Octets of one certificate: real ones have 1 to 4 KB. */
export const maxCertificateBytes = 64 * 1024;

/** Certificates in a chain, the one that is checked and the authority included; real chains have 3 or 4. */
export const maxChainLength = 10;

/** Signatures that are tried to find one chain: certificates of one name could lead in circles. */
export const maxSignatures = 60;

/** Octets of a revocation list: 1 MB names 25,000 certificates; larger ones are read by nobody on the fly. */
export const maxListBytes = 1024 * 1024;

/** Revocation lists that are kept, each up to 1 MB. */
export const maxKeptLists = 16;

/** A list is fetched again after this long, whatever it says of its next update. */
export const listKeptMs = 60 * 60_000;

/** A server of lists that does not answer in this time is offline. */
export const fetchMs = 10_000;

/** A server of lists that was offline is not asked again for this long. */
export const offlineMs = 60_000;

/** Addresses that are remembered as offline. */
export const maxOffline = 64;

/** Addresses of lists that are tried for one certificate. */
export const maxListAddresses = 3;

/** Clocks may differ by so much. */
export const clockSkewMs = 5 * 60_000;
