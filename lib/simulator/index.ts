export { SimulatedFreeSwitch } from './freeswitch.ts';
export {
  startCrm,
  type CrmHandler,
  type CrmOptions,
  type CrmReply,
  type CrmTable,
  type HttpReply,
  type RecordedRequest,
  type SimulatedCrm,
} from './crm.ts';
export { runLoad, type LoadOptions, type LoadReport, type Percentiles } from './load.ts';
export type * from './types.ts';
