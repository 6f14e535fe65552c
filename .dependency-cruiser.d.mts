import type { ICruiseOptions, IForbiddenRuleType } from 'dependency-cruiser';

declare const walls: { readonly forbidden: (IForbiddenRuleType & { readonly name: string })[]; readonly options: ICruiseOptions };
export default walls;
