export const system = {
  problems: { title: 'Проблеми' },
  deliveries: { title: 'Доставлення' },
  status: { title: 'Стан' },
  people: { title: 'Люди' },
  audit: { title: 'Журнал змін' },
};
