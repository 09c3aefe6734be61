export const schemes = { title: 'Схеми' };
