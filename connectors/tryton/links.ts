import { SystemFailure } from '../../domain/failure.ts';

export interface Links {
  /** The web client's address of a record; null where the options name no web client. */
  to(model: string, id: number): string | null;
  /** Tryton refused a deletion because other records refer to the record. */
  isInUse(error: unknown): boolean;
}

/** The web client opens records at `#<database>/model/<model>/<id>`. */
export function createLinks(database: string, webClient: string | undefined): Links {
  return {
    to: (model, id) => (webClient === undefined ? null : `${webClient.replace(/\/+$/, '')}/#${database}/model/${model}/${id}`),
    isInUse: (error) => error instanceof SystemFailure && error.failure.code === 'TRYTON_USER_ERROR' && /used by|can not be deleted|cannot be deleted|could not be deleted|not allowed to delete/i.test(error.failure.message),
  };
}
