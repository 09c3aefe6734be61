export const start = { title: 'Перші кроки' };
