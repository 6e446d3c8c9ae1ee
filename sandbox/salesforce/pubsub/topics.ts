import { objectTypes } from '../schema.ts';

/** Which records' events a topic carries; undefined where there is no such topic. A custom channel carries all of them. */
export function entitiesOf(topic: string): ((entity: string) => boolean) | undefined {
  if (topic === '/data/ChangeEvents' || /^\/data\/\w+__chn$/.test(topic)) return () => true;
  const object = objectTypes().find(({ name }) => topic === `/data/${name.endsWith('__c') ? `${name.slice(0, -3)}__` : name}ChangeEvent`);
  return object === undefined ? undefined : (entity) => entity === object.name;
}
