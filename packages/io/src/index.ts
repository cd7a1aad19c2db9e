/** @file Readers for bytes and text, in Node and in browsers. Files are read by the subpath `@ndgrad/io/node`. */
export { type CsvOptions, type LabelledCsvOptions, type LabelledTable, parseCsv, type Table } from './csv.js';
export { type IdxArray, type IdxArrays, type IdxOptions, type IdxType, readIdx } from './idx.js';
export {
  type IdxToTensorOptions,
  idxToTensor,
  type TableToTensorsOptions,
  tableToTensors,
} from './toTensors.js';
