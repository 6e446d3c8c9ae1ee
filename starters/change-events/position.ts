import type { Db } from '../../store/database.ts';
import { advanceWatermark, readWatermark } from '../../store/watermarks.ts';

export interface Position {
  /** In base64; undefined before the first. */
  read(): Promise<string | undefined>;
  /** Any later writer's position stands: each says only that the events before it are in the inbox. */
  moveTo(replayId: string): Promise<void>;
}

const TRIES = 5;

/** How far a subscription has been taken into the inbox, kept in the store. */
export function positionOf(db: Db, name: string): Position {
  let known: string | undefined;
  return {
    async read() {
      known = await readWatermark(db, name);
      return known;
    },
    async moveTo(replayId) {
      for (let attempt = 0; attempt < TRIES && known !== replayId; attempt += 1) {
        if (await advanceWatermark(db, { name, from: known ?? null, to: replayId })) known = replayId;
        else known = await readWatermark(db, name);
      }
    },
  };
}
