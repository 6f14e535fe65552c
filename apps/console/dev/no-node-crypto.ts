/** Stands in for Node's crypto while developing in a browser, where nothing signs or hashes. */
const absent = (): never => {
  throw new Error('the console does not sign or hash; ask the service instead');
};

export const createHash = absent;
export const createHmac = absent;
export const createPrivateKey = absent;
export const createPublicKey = absent;
export const sign = absent;
export const verify = absent;
