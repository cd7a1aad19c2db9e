// The public surface of each package as a file that a review can read: packages/<name>/etc/<name>.api.md.
//   node tools/api.mjs           writes the reports
//   node tools/api.mjs --check   fails when one is out of date
// Reads the declarations in dist/esm, so build first.
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { BIN, PACKAGES, ROOT, runNode } from './workspace.mjs';

const check = process.argv.includes('--check');

const types = await runNode([BIN.tsc, '-b', ...PACKAGES.map((name) => join('packages', name))]);
if (types.code !== 0) {
  process.stdout.write(types.output);
  process.exit(types.code);
}

let failed = false;
for (const name of PACKAGES) {
  const projectFolder = join(ROOT, 'packages', name);
  const silent = { default: { logLevel: ExtractorLogLevel.None } };
  await mkdir(join(projectFolder, 'etc'), { recursive: true });
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(projectFolder, 'package.json'),
    configObject: {
      projectFolder,
      mainEntryPointFilePath: '<projectFolder>/dist/esm/index.d.ts',
      compiler: {
        // Without the source condition: the report is about what is published.
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2022',
            lib: ['es2022', 'esnext.disposable'],
            module: 'nodenext',
            moduleResolution: 'nodenext',
            strict: true,
            types: [],
          },
          files: ['dist/esm/index.d.ts'],
        },
      },
      apiReport: {
        enabled: true,
        reportFolder: '<projectFolder>/etc/',
        reportFileName: `${name}.api.md`,
        reportTempFolder: join(ROOT, 'node_modules/.cache/ndgrad/api', name),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          ...silent,
          // A type that users meet but cannot name.
          'ae-forgotten-export': { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
        },
        tsdocMessageReporting: silent,
      },
    },
  });
  let complaint = '';
  const result = Extractor.invoke(config, {
    localBuild: !check,
    messageCallback: (message) => {
      message.handled = true;
      const { logLevel, messageId, text } = message;
      if (logLevel === ExtractorLogLevel.Error || logLevel === ExtractorLogLevel.Warning) {
        if (messageId !== 'ae-forgotten-export') complaint += `  ${text}\n`;
      }
    },
  });
  const report = `packages/${name}/etc/${name}.api.md`;
  if (result.errorCount > 0 || (check && (result.apiReportChanged || !existsSync(join(ROOT, report))))) {
    failed = true;
    console.log(`${report} ${check ? 'is out of date: run `pnpm api` and review the change' : 'failed'}`);
    process.stdout.write(complaint);
  } else if (!check) {
    console.log(`${report}${result.apiReportChanged ? ' (changed)' : ''}`);
  }
}
if (failed) process.exitCode = 1;
