import regexp from "eslint-plugin-regexp";
import security from "eslint-plugin-security";
import tseslint from "typescript-eslint";

const clockBan = "take a Clock (src/base/clock.ts): the real one is chosen in cli/ and perf/ only";
const FILE_WRITERS = [
  ...["appendFile", "copyFile", "cp", "mkdir", "writeFile"].flatMap((name) => [name, `${name}Sync`]),
  ...["createWriteStream", "openSync"],
];
const worldBan = "write through the World (src/base/process/world.ts)";

/** A plugin's recommended rules as errors: nobody reads warnings. */
const errors = (rules) => Object.fromEntries(Object.keys(rules).map((name) => [name, "error"]));

export default tseslint.config(
  { ignores: ["api-docs/", "dist/", "build/", "results/", "coverage/", "datasets/", "site/"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: {
          allowDefaultProject: ["eslint.config.js", ".dependency-cruiser.cjs", "scripts/*.mjs"],
        },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      // An interface of methods (listeners, streams) is called on its object; passing methods around is still caught by types.
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      eqeqeq: ["error", "always", { null: "ignore" }],
    },
  },
  {
    plugins: { security, regexp },
    rules: {
      ...errors(security.configs.recommended.rules),
      // Most expressions see foreign text. These two tell which take more than linear time, and with what text; the plugin's own
      // rule counts nested quantifiers and is wrong about half of ours.
      "regexp/no-super-linear-backtracking": ["error", { report: "potential" }],
      "regexp/no-super-linear-move": "error",
      "security/detect-unsafe-regex": "off",
      // 470 places, each an array's index or a table with a typed key; what callers name is looked up by Object.hasOwn or in a Map.
      "security/detect-object-injection": "off",
      // A command line opens the files that its user names. The gateway serves a fixed list of them.
      "security/detect-non-literal-fs-filename": "off",
      // Compares names, not values: it finds `token !== undefined`. Keys and tokens are compared by timingSafeEqual (gateway/auth.ts).
      "security/detect-possible-timing-attacks": "off",
    },
  },
  {
    // Tables of this project's own, and expressions of tests.
    files: ["src/base/text/text.ts", "**/*.test.ts", "test/**/*.ts"],
    rules: {
      "security/detect-non-literal-regexp": "off",
      "regexp/no-super-linear-move": "off",
      "regexp/no-super-linear-backtracking": "off",
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: [
      "src/**/*.test.ts",
      "src/cli/**",
      "src/base/clock.ts",
      "src/base/process/**",
      "src/run/child.ts",
    ],
    rules: {
      "no-restricted-globals": [
        "error",
        { name: "process", message: worldBan },
        { name: "console", message: worldBan },
      ],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: clockBan },
        { object: "performance", property: "now", message: clockBan },
        {
          object: "Math",
          property: "random",
          message: "use randomStream (src/base/random.ts) so that a seed repeats it",
        },
      ],
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: [
      "src/**/*.test.ts",
      "src/base/files/private-files.ts",
      "src/cli/commands/dashboards.ts",
      "src/cli/commands/emulator-files.ts",
    ],
    rules: {
      "no-restricted-imports": [
        "error",
        ...["node:fs", "node:fs/promises"].map((name) => ({
          name,
          importNames: FILE_WRITERS,
          message: "write through src/base/files/private-files.ts: run data is nobody else's",
        })),
      ],
    },
  },
  {
    files: ["src/cli/**/*.ts"],
    ignores: ["src/cli/main.ts", "src/base/process/world.ts"],
    rules: {
      "no-restricted-properties": [
        "error",
        { object: "process", property: "exit", message: "set the exit code on the World; main.ts exits" },
        { object: "process", property: "stdout", message: worldBan },
        { object: "process", property: "stderr", message: worldBan },
      ],
    },
  },
  {
    files: ["**/*.js", "**/*.mjs", "**/*.cjs"],
    ...tseslint.configs.disableTypeChecked,
  },
  {
    files: ["**/*.test.ts", "test/**/*.ts", "perf/**/*.ts"],
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
);
