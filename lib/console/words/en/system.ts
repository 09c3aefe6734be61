/** Problems, deliveries, status, people, audit log. */
export const system = {
  problems: { title: 'Problems' },
  deliveries: { title: 'Deliveries' },
  status: { title: 'Status' },
  people: { title: 'People' },
  audit: { title: 'Audit log' },
} as const;
