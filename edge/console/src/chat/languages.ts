// The languages that the composer offers. A message may name any other; it is then shown as it was written.

export const LANGUAGES: ReadonlyMap<string, string> = new Map([
  ["cpp", "C++"],
  ["c", "C"],
  ["python", "Python"],
  ["java", "Java"],
  ["rust", "Rust"],
  ["go", "Go"],
  ["javascript", "JavaScript"],
  ["typescript", "TypeScript"],
  ["csharp", "C#"],
  ["kotlin", "Kotlin"],
  ["haskell", "Haskell"],
  ["sql", "SQL"],
  ["bash", "Shell"],
]);

export function languageLabel(language: string | undefined): string {
  return language === undefined || language === "" ? "Code" : (LANGUAGES.get(language.toLowerCase()) ?? language);
}
