export const start = {
  title: 'First steps',
} as const;
