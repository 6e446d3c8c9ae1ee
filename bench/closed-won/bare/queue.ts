/** Of the bare workflow and its activities. */
export const BARE_QUEUE = 'bench-bare';
