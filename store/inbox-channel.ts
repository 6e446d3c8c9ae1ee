/** Notified when there is something in the inbox to claim. */
export const INBOX_CHANNEL = 'q2c_inbox';
