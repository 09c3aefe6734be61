export { SimulatedFreeSwitch } from './freeswitch.ts';
export { startCrm, type CrmHandler, type CrmReply, type RecordedRequest, type SimulatedCrm } from './crm.ts';
export { runLoad, type LoadReport } from './load.ts';
export type * from './types.ts';
