import { integer, setting, storeUrl, text } from './setting.ts';

/** What is remembered, where, and for how long: `store` of the table of settings. */
export const STORE_SETTINGS = {
  url: setting(
    'STORE_URL',
    'auto',
    storeUrl,
    'Where the records of calls are kept: off, sqlite (esl-router.db in store.dir), sqlite:FILE, or postgres://user@host/database. auto: sqlite when the folder store.dir is there, else off.',
  ),
  dir: setting('STORE_DIR', 'data', text, 'Folder of the store.'),
  password: setting('STORE_PASSWORD', '', text, 'Password of the database, when it is not in the URL.'),
  days: setting('STORE_DAYS', 90, integer(0, 36_500), 'Days after which records are deleted; 0: never.'),
  maxMegabytes: setting(
    'STORE_MAX_MEGABYTES',
    2_048,
    integer(0, 10_000_000),
    'Megabytes that the records may take; the oldest are deleted first. 0: no limit.',
  ),
  maskAfterDays: setting(
    'STORE_MASK_AFTER_DAYS',
    0,
    integer(0, 36_500),
    'Days after which telephone numbers in records are masked (*****33); 0: never.',
  ),
};
