// The linter of the page's scripts: ESLint's recommended rules; TypeScript checks names and types.
import js from "@eslint/js";

export default [
  { ...js.configs.recommended, files: ["demo/web/**/*.js", "tests/web/**/*.mjs"] },
  {
    files: ["demo/web/**/*.js", "tests/web/**/*.mjs"],
    rules: {
      "no-undef": "off", // TypeScript knows the browser's names
      "prefer-const": "error",
      "no-var": "error",
      "eqeqeq": ["error", "smart"],
    },
  },
];
