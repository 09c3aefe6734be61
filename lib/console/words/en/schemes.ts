export const schemes = {
  title: 'Schemes',
} as const;
