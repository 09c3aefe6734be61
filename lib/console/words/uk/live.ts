export const live = { title: 'Зараз' };
