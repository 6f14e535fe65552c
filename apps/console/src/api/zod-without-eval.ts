// The service's policy allows no code made from text; zod would try it once and leave a complaint in the browser's log.
// Set where zod looks for its settings, since the console itself does not depend on zod.
Object.assign(globalThis, { ['__zod_globalConfig']: { jitless: true } });

export {};
