import { provisionPage } from "./code-pages/provision.ts";
import * as v from "./vocabulary.ts";
import type { ProtocolVersion } from "./version.ts";

/** What every policy setting says of itself, for the console and the docs. */
interface Described<T> {
  readonly since: ProtocolVersion;
  /** The value that restricts nothing; undefined: the element is not sent. */
  readonly default: T;
  readonly label: string;
  readonly help: string;
}

/** A setting that is on or off. */
export interface FlagSetting extends Described<boolean> {
  readonly type: "boolean";
}

/** A setting that is a number within a range; undefined is no limit. */
export interface NumberSetting extends Described<number | undefined> {
  readonly type: "integer";
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

/** A setting that is one of several numbers, each with its meaning. */
export interface ChoiceSetting extends Described<number> {
  readonly type: "choice";
  readonly choices: Readonly<Record<number, string>>;
}

/** A setting that is a list of texts. */
export interface ListSetting extends Described<readonly string[]> {
  readonly type: "list";
  readonly element: "ApplicationName" | "Hash";
}

/** One row of the table of policy settings. */
export type PolicySetting = FlagSetting | NumberSetting | ChoiceSetting | ListSetting;

const unsignedInt = 4_294_967_295;

function flag(of: Described<boolean>): FlagSetting {
  return { type: "boolean", ...of };
}

function allowed(label: string, help: string): FlagSetting {
  return flag({ since: "12.1", default: true, label, help });
}

function required(label: string, help: string): FlagSetting {
  return flag({ since: "12.1", default: false, label, help });
}

function number(of: Omit<NumberSetting, "type">): NumberSetting {
  return { type: "integer", ...of };
}

function choice(of: Omit<ChoiceSetting, "type">): ChoiceSetting {
  return { type: "choice", ...of };
}

/**
 * Every policy setting (MS-ASPROV 2.2.2), in the order of EASProvisionDoc. A new setting is one row
 * here: the message, validation, storage, the admin API and the console follow from it.
 */
export const policySettings = {
  DevicePasswordEnabled: flag({
    since: "12.0",
    default: false,
    label: "Password required",
    help: "The device must be locked with a password.",
  }),
  AlphanumericDevicePasswordRequired: flag({
    since: "12.0",
    default: false,
    label: "Letters and digits required",
    help: "A password of digits alone is refused.",
  }),
  PasswordRecoveryEnabled: flag({
    since: "12.0",
    default: false,
    label: "Recovery password stored",
    help: "The device sends a recovery password to the server.",
  }),
  RequireStorageCardEncryption: required(
    "Storage card encrypted",
    "The device must encrypt its storage card.",
  ),
  AttachmentsEnabled: flag({
    since: "12.0",
    default: true,
    label: "Attachments allowed",
    help: "Attachments may be downloaded to the device.",
  }),
  MinDevicePasswordLength: number({
    since: "12.0",
    default: undefined,
    min: 1,
    max: 16,
    unit: "characters",
    label: "Shortest password",
    help: "A shorter password is refused; empty is no minimum.",
  }),
  MaxInactivityTimeDeviceLock: number({
    since: "12.0",
    default: undefined,
    min: 1,
    max: 9999,
    unit: "seconds",
    label: "Lock after",
    help: "The device locks after so long without use; empty or 9999 is never.",
  }),
  MaxDevicePasswordFailedAttempts: number({
    since: "12.0",
    default: undefined,
    min: 4,
    max: 16,
    unit: "attempts",
    label: "Wrong passwords before wipe",
    help: "The device wipes itself after so many wrong passwords; empty is never.",
  }),
  MaxAttachmentSize: number({
    since: "12.0",
    default: undefined,
    min: 0,
    max: unsignedInt,
    unit: "bytes",
    label: "Largest attachment",
    help: "A larger attachment is not downloaded; empty is no limit.",
  }),
  AllowSimpleDevicePassword: flag({
    since: "12.0",
    default: true,
    label: "Simple password allowed",
    help: "A password such as 1234 or 1111 is accepted.",
  }),
  DevicePasswordExpiration: number({
    since: "12.0",
    default: undefined,
    min: 0,
    max: unsignedInt,
    unit: "days",
    label: "Password expires after",
    help: "A new password is wanted after so many days; empty or 0 is never.",
  }),
  DevicePasswordHistory: number({
    since: "12.0",
    default: 0,
    min: 0,
    max: unsignedInt,
    unit: "passwords",
    label: "Passwords remembered",
    help: "So many earlier passwords may not be used again.",
  }),
  AllowStorageCard: allowed("Storage card allowed", "The device may use a storage card."),
  AllowCamera: allowed("Camera allowed", "The device may use its camera."),
  RequireDeviceEncryption: required("Device encrypted", "The device must encrypt its storage."),
  AllowUnsignedApplications: allowed(
    "Unsigned applications allowed",
    "Applications without a signature may run.",
  ),
  AllowUnsignedInstallationPackages: allowed(
    "Unsigned installers allowed",
    "Installation packages without a signature may run.",
  ),
  MinDevicePasswordComplexCharacters: number({
    since: "12.1",
    default: 1,
    min: 1,
    max: 4,
    unit: "character classes",
    label: "Character classes in a password",
    help: "Of lower case, upper case, digits and others, so many must occur.",
  }),
  AllowWiFi: allowed("Wi-Fi allowed", "The device may use Wi-Fi."),
  AllowTextMessaging: allowed("Text messages allowed", "The device may send text messages."),
  AllowPOPIMAPEmail: allowed("POP and IMAP allowed", "Other mail accounts may use POP or IMAP."),
  AllowBluetooth: choice({
    since: "12.1",
    default: 2,
    choices: { 0: "no Bluetooth", 1: "hands-free only", 2: "all Bluetooth" },
    label: "Bluetooth",
    help: "What the device may use Bluetooth for.",
  }),
  AllowIrDA: allowed("Infrared allowed", "The device may use infrared connections."),
  RequireManualSyncWhenRoaming: required(
    "Manual sync when roaming",
    "In a foreign network the device synchronises only when told to.",
  ),
  AllowDesktopSync: allowed("Desktop sync allowed", "The device may synchronise with a computer."),
  MaxCalendarAgeFilter: choice({
    since: "12.1",
    default: 0,
    choices: { 0: "all", 4: "2 weeks", 5: "1 month", 6: "3 months", 7: "6 months" },
    label: "Past calendar on the device",
    help: "How far back the device may keep the calendar.",
  }),
  AllowHTMLEmail: allowed("HTML mail allowed", "Mail is sent to the device as HTML if it asks."),
  MaxEmailAgeFilter: choice({
    since: "12.1",
    default: 0,
    choices: { 0: "all", 1: "1 day", 2: "3 days", 3: "1 week", 4: "2 weeks", 5: "1 month" },
    label: "Mail on the device",
    help: "How far back the device may keep mail.",
  }),
  MaxEmailBodyTruncationSize: number({
    since: "12.1",
    default: -1,
    min: -1,
    max: 2_147_483_647,
    unit: "KB",
    label: "Longest plain text body",
    help: "A longer body is cut; 0 is the header only, -1 no limit.",
  }),
  MaxEmailHTMLBodyTruncationSize: number({
    since: "12.1",
    default: -1,
    min: -1,
    max: 2_147_483_647,
    unit: "KB",
    label: "Longest HTML body",
    help: "A longer body is cut; 0 is the header only, -1 no limit.",
  }),
  RequireSignedSMIMEMessages: required("Signed mail required", "The device must sign its mail."),
  RequireEncryptedSMIMEMessages: required(
    "Encrypted mail required",
    "The device must encrypt its mail.",
  ),
  RequireSignedSMIMEAlgorithm: choice({
    since: "12.1",
    default: 0,
    choices: { 0: "SHA-1", 1: "MD5" },
    label: "Signing algorithm",
    help: "The algorithm that the device signs with.",
  }),
  RequireEncryptionSMIMEAlgorithm: choice({
    since: "12.1",
    default: 0,
    choices: { 0: "Triple DES", 1: "DES", 2: "RC2 128", 3: "RC2 64", 4: "RC2 40" },
    label: "Encryption algorithm",
    help: "The algorithm that the device encrypts with.",
  }),
  AllowSMIMEEncryptionAlgorithmNegotiation: choice({
    since: "12.1",
    default: 2,
    choices: { 0: "none", 1: "strong algorithms only", 2: "any algorithm" },
    label: "Encryption algorithm negotiation",
    help: "Whether the device may take another algorithm that the recipient prefers.",
  }),
  AllowSMIMESoftCerts: allowed(
    "Software certificates allowed",
    "Mail may be signed with certificates kept in software.",
  ),
  AllowBrowser: allowed("Browser allowed", "The device may use its web browser."),
  AllowConsumerEmail: allowed("Private mail allowed", "The device may use private mail accounts."),
  AllowRemoteDesktop: allowed("Remote desktop allowed", "The device may use remote desktop."),
  AllowInternetSharing: allowed(
    "Internet sharing allowed",
    "A computer may use the device's internet connection.",
  ),
  UnapprovedInROMApplicationList: {
    type: "list",
    element: "ApplicationName",
    since: "12.1",
    default: [],
    label: "Built-in applications refused",
    help: "Names of applications in the device's memory that may not run.",
  },
  ApprovedApplicationList: {
    type: "list",
    element: "Hash",
    since: "12.1",
    default: [],
    label: "Applications approved",
    help: "SHA-1 hashes of applications that may run; none is no restriction.",
  },
} as const satisfies Readonly<Record<string, PolicySetting>>;

/** The name of a policy setting: its element. */
export type PolicyName = keyof typeof policySettings;

const names = v.struct(provisionPage, { ApplicationName: v.list(v.text) });
const hashes = v.struct(provisionPage, { Hash: v.list(v.text) });

type FieldOf<S> = S extends FlagSetting
  ? v.Field<boolean, "optional", undefined>
  : S extends { readonly element: "ApplicationName" }
    ? v.Field<v.Infer<typeof names>, "optional", undefined>
    : S extends ListSetting
      ? v.Field<v.Infer<typeof hashes>, "optional", undefined>
      : v.Field<number, "optional", undefined>;

type PolicyFields = { readonly [Name in PolicyName]: FieldOf<(typeof policySettings)[Name]> };

function fieldOf(setting: PolicySetting): v.Field {
  if (setting.type === "boolean") return v.since(setting.since, v.boolean);
  if (setting.type !== "list") return v.since(setting.since, v.integer);
  return v.since(setting.since, setting.element === "Hash" ? hashes : names);
}

function policyFields(): PolicyFields {
  const entries = Object.entries(policySettings).map(([name, setting]) => {
    return [name, fieldOf(setting)];
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries forgets the keys
  return Object.fromEntries(entries) as PolicyFields;
}

/** The policy as a device gets it (MS-ASPROV 2.2.2.28): one element for each setting. */
export const easProvisionDoc = v.struct(provisionPage, policyFields());
