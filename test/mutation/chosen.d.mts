export function mutantName(range: string, mutator: string, replacement: string): string;
export function inSample(name: string, every: number): boolean;
