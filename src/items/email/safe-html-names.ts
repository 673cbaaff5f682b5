/** Names that mails may use when HTML is gone through: what is not listed is left out. */

function words(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/));
}

/** Elements that only show something; the content of others stays without them. */
export const allowedElements = words(`
  html head body
  a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup
  dd del details dfn dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd
  li main map area mark menu nav nobr ol p pre q s samp section small span strike strong sub summary sup
  table tbody td tfoot th thead time tr tt u ul var wbr
`);

/** Elements that go with all that is in them: it acts, is fetched, or was never meant to be read. */
export const droppedElements = words(`
  script noscript template title object embed applet iframe frame frameset noframes noembed portal
  svg math canvas audio video source track textarea select option datalist input keygen
  xmp plaintext listing link meta base param dialog
`);

/** Elements without an end. */
export const voidElements = words("area br col hr img wbr");

/** Attributes that only say how something looks or where it belongs. */
export const allowedAttributes = words(`
  abbr align alt axis bgcolor border bordercolor cellpadding cellspacing char charoff cite class clear color
  cols colspan compact coords datetime dir face frame headers height hspace id lang link alink vlink
  leftmargin topmargin marginheight marginwidth name noshade nowrap open reversed role rowspan rows rules
  scope shape size span start summary text title type usemap valign value vspace width
`);
