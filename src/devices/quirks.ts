/** What single kinds of devices do against the specification, and the dialog that proves each. */
import type { Device } from "./devices.ts";

/** One habit of a kind of device. */
interface Quirk {
  /** DeviceType of the query (MS-ASHTTP 2.2.1.1.1.2.4). */
  readonly deviceType: string;
  /** What it does, and what is done about it. */
  readonly does: string;
  /** File in test/dialogs. */
  readonly dialog: string;
}

/** Every quirk by its name. */
export const quirks = {
  keepsMovedItems: {
    deviceType: "WindowsOutlook15",
    does: `Outlook (2013 to classic 365) keeps a mail that it moved under its new ServerId and shows the Add
      that follows (MS-ASCMD R289) as a second mail: the mail counts as one that it has.`,
    dialog: "move-items-outlook.eas",
  },
} as const satisfies Readonly<Record<string, Quirk>>;

/** Whether a device has a quirk. */
export function hasQuirk(device: Pick<Device, "deviceType">, name: keyof typeof quirks): boolean {
  return device.deviceType.toLowerCase() === quirks[name].deviceType.toLowerCase();
}
