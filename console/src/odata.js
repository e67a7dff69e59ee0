// The two pieces of OData that the API takes: string literals in $filter, and lists in pages.

/** A string literal; a quote inside is doubled (OData 4.01 ABNF, `SQUOTE-in-string`). */
export function quote(text) {
  return `'${String(text).replaceAll("'", "''")}'`;
}

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Sorts behind every character that a name can hold. */
const LAST = '\uffff';

/**
 * The $filter of what was typed into the search field; undefined for nothing. Names are found by how they begin, since the
 * API compares but does not search; a GUID finds the asset with that id.
 */
export function assetFilter(typed) {
  const text = typed.trim();
  if (!text) return undefined;
  if (GUID.test(text)) return `properties/assetId eq ${quote(text)}`;
  return `name ge ${quote(text)} and name lt ${quote(text + LAST)}`;
}

/** A query string of the parameters that have a value; spaces as %20, which every server reads the same. */
export function query(parameters) {
  const pairs = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '');
  return pairs.map(([key, value]) => `${encodeURIComponent(key).replace('%24', '$')}=${encodeURIComponent(value)}`).join('&');
}
