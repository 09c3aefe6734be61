export const calls = { title: 'Дзвінки' };
