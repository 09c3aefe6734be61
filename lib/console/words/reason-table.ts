/** What the reasons say in a language: in English the API says it, in another one a table of that language, by their codes. */
export interface ReasonTable {
  /** By their English titles. */
  readonly groups: Readonly<Record<string, string>>;
  readonly about: Readonly<Record<string, readonly [sentence: string, cause: string, cure: string]>>;
}
