/** What personal data a store may hold: a small taxonomy that profiles and policies speak in. */
export const DATA_CATEGORIES = {
  'mail.sender-ip': { title: "sender's IP address", group: 'message' },
  'mail.addresses': { title: 'email addresses of sender and recipients', group: 'message' },
  'mail.subject': { title: 'message subject', group: 'message' },
  'mail.body': { title: 'message body', group: 'message' },
  'mail.headers': { title: 'message control headers', group: 'message' },
  'mail.attachments': { title: 'attachments', group: 'message' },
  'mail.flags': { title: 'which messages were read, answered or deleted', group: 'message' },
  'mail.delivery': { title: 'who sent to whom, when, and with what outcome', group: 'message' },
  'statistics.addresses': { title: 'addresses in message statistics', group: 'statistics' },
  'statistics.infected-names': { title: 'names of infected attachments', group: 'statistics' },
  'statistics.learnt-words': { title: 'words learnt from messages', group: 'statistics' },
  'account.web-interface': { title: 'accounts of web-interface users', group: 'account' },
  'account.web-interface-ip': { title: 'IP addresses of web-interface users', group: 'account' },
  'account.directory': { title: 'LDAP and Active Directory accounts', group: 'account' },
  'account.mailbox-users': { title: 'names of mailbox users', group: 'account' },
  'account.mailbox-users-ip': { title: 'IP addresses that mailbox users sign in from', group: 'account' },
  'account.system': { title: 'accounts of the system and their sign-ins', group: 'account' },
  'account.system-ip': { title: 'IP addresses that system accounts sign in from', group: 'account' },
  'account.administrator': { title: 'administrator and help-desk accounts', group: 'account' },
  'settings.address-lists': { title: 'allow and deny lists of addresses', group: 'settings' },
  'settings.forwarding': { title: 'aliases and forwarding addresses', group: 'settings' },
  'any.processed': { title: 'any data that is processed', group: 'any' },
  'any.fragments': { title: 'fragments of messages and of analysed files', group: 'any' },
} as const satisfies Readonly<Record<string, { title: string; group: string }>>;
export type DataCategory = keyof typeof DATA_CATEGORIES;

export const isDataCategory = (id: string): id is DataCategory => Object.hasOwn(DATA_CATEGORIES, id);
