/** How to reach a submission server. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** "plain" only on loopback; config.ts checks that. */
  readonly security: "tls" | "starttls" | "plain";
  /** False: any certificate will do. True by default. */
  readonly verifyCertificate?: boolean | undefined;
  /** Certificates (PEM) to trust beside the system's. */
  readonly ca?: string | undefined;
  /** Whether to sign in with the user's credential; false for servers that trust this host's address. */
  readonly authenticate: boolean;
}
