export declare const nodeFlags: readonly string[];
export declare function compileCache(root: string): Readonly<Record<string, string>>;
