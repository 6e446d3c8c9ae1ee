/** Notified when a page of records became ready, or was done. */
export const PAGE_CHANNEL = 'q2c_time_pages';
