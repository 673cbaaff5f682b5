/** What one of several workers may take of limits that hold for all of them together. */
import type { Config } from "../config.ts";

/** The configuration of one worker. */
export function shareOf(config: Config): Config {
  const share = (whole: number): number => Math.max(1, Math.floor(whole / config.workers));
  return {
    ...config,
    domains: config.domains.map((domain) => ({
      ...domain,
      imap: {
        ...domain.imap,
        connectionsPerAccount: share(domain.imap.connectionsPerAccount),
        loginsInFlight: share(domain.imap.loginsInFlight),
      },
    })),
  };
}
