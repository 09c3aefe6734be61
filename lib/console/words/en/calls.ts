export const calls = {
  title: 'Calls',
} as const;
