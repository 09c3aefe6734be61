/** What a person has to know of a reason. */
export type About = readonly [sentence: string, cause: string, whatToDo: string];

/** What to do about a call that is as it should be. */
export const NOTHING = 'Nothing: this is normal.';
