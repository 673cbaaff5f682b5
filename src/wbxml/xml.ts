export { fromXml } from "./from-xml.ts";
export { toXml } from "./to-xml.ts";
export type { XmlOptions } from "./to-xml.ts";
