/** Elements that no dialog shows: where else they are tested, or why they are not handled. Each line must match. */

/** `direction prefix:Name` with * for any name of the page that no dialog shows, and what is to be said of those. */
export type Lines = Readonly<Record<string, string>>;

/** Test files that show an element where no dialog does. */
export const testedIn: Lines = {
  "written itemoperations:Part": "test/e2e/endpoint.test.ts",
  "written email2:ReceivedAsBcc": "src/items/email/to-eas.test.ts",
  "written ping:MaxFolders": "test/e2e/endpoint.test.ts",
};

const calendar = "the calendar comes in a later release";
const contacts = "contacts come in a later release";
const tasks = "tasks come in a later release";
const notes = "notes come in a later release";
const policies = "device policies come in a later release";
const wipe = "remote wipe comes in a later release";
const documents = "there is no document library behind the gateway";
const rights = "there is no rights management server behind the gateway";
const voice = "voice mail of a unified messaging server is not known to IMAP";
const serverOnly = "only the server writes it; a device's is refused or taken for no change";
const draftOnly = "a draft's attachments are named by Add and Delete";
const place = "a meeting's place is its display name: that is all that an invitation in mail tells";
const deviceOnly = "only devices write it";
const addressBook = "the address list knows names, aliases and addresses";
const certificates = "address books with certificates come in a later release";

/** Why an element is not handled. */
export const notHandled: Lines = {
  "read contacts:*": contacts,
  "written contacts:*": contacts,
  "read contacts2:*": contacts,
  "written contacts2:*": contacts,
  "read calendar:*": calendar,
  "written calendar:*": calendar,
  "read tasks:*": tasks,
  "written tasks:*": tasks,
  "read notes:*": notes,
  "written notes:*": notes,
  "read documentlibrary:LinkId": documents,
  "written documentlibrary:*": documents,
  "read itemoperations:UserName": documents,
  "read itemoperations:Password": documents,
  "read search:UserName": documents,
  "read search:Password": documents,
  "written itemoperations:Version": documents,
  "read meetingresponse:*": calendar,
  "written meetingresponse:*": calendar,
  "written resolverecipients:MergedFreeBusy": calendar,
  "read rightsmanagement:*": rights,
  "read rightsmanagement:RightsManagementSupport": rights,
  "written rightsmanagement:*": rights,
  "written provision:*": policies,
  "read provision:RemoteWipe": wipe,
  "read provision:AccountOnlyRemoteWipe": wipe,
  "written provision:RemoteWipe": wipe,
  "written provision:AccountOnlyRemoteWipe": wipe,
  "written gal:*": addressBook,
  "written resolverecipients:Certificate": certificates,
  "written resolverecipients:MiniCertificate": certificates,
  "read email:*": serverOnly,
  "read email2:*": serverOnly,
  "read itemoperations:Part": serverOnly,
  "read airsyncbase:EstimatedDataSize": draftOnly,
  "read airsyncbase:Location": place,
  "read airsyncbase:*": serverOnly,
  "read airsync:Supported": "no element of a mail is lost when a device leaves it out",
  "read settings:UserAgent": "the User-Agent header of each request tells it",
  "written resolverecipients:Data": certificates,
  "written airsyncbase:Annotation": place,
  "written airsyncbase:Street": place,
  "written airsyncbase:City": place,
  "written airsyncbase:State": place,
  "written airsyncbase:Country": place,
  "written airsyncbase:PostalCode": place,
  "written airsyncbase:Latitude": place,
  "written airsyncbase:Longitude": place,
  "written airsyncbase:Accuracy": place,
  "written airsyncbase:Altitude": place,
  "written airsyncbase:AltitudeAccuracy": place,
  "written airsyncbase:LocationUri": place,
  "written airsyncbase:Add": deviceOnly,
  "written airsyncbase:Content": deviceOnly,
  "written airsyncbase:Delete": deviceOnly,
  "written composemail:*": deviceOnly,
  "written email2:Send": deviceOnly,
  "written email2:UmAttDuration": voice,
  "written email2:UmAttOrder": voice,
  "written email2:UmCallerID": voice,
  "written email2:UmUserNotes": voice,
  "written email2:AccountId": "an account has one mailbox: mail is never of another account",
  "written settings:AccountId": "an account has one mailbox: it is the primary account",
  "written settings:AccountName": "an account has one mailbox: it is the primary account",
};
