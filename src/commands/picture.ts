/** Photos of people (MS-ASCMD 2.2.3.135): there are none here, and that is what is told of each. */
import { commonStatus } from "../../schemas/status.ts";

/** Octets of a photo that a device may ask for at the most (MS-ASCMD R3309, R5349). */
const maxPhotoBytes = 102_400;

/** What a device asks of photos. */
export interface PictureOptions {
  readonly MaxSize?: number | undefined;
  readonly MaxPictures?: number | undefined;
}

/** Whether the limits that a device sets are ones. */
export function arePictureLimits({ MaxSize = 0, MaxPictures = 0 }: PictureOptions): boolean {
  return MaxSize >= 0 && MaxSize <= maxPhotoBytes && MaxPictures >= 0;
}

/** The Picture of somebody. */
export const noPicture = { Status: commonStatus.NoPicture } as const;
