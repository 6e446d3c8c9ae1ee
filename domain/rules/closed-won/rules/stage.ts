import { mustChange, type DealRule } from '../rule.ts';

/** Only a won deal becomes projects. */
export const stageRule: DealRule = ({ deal }) =>
  deal.stage === 'closed_won'
    ? []
    : [
        mustChange('DEAL_NOT_CLOSED_WON', 'stage', {
          message: `The deal is ${deal.stage === 'open' ? 'still open' : 'lost'} in the CRM.`,
          mend: 'Set the opportunity to Closed Won, or abort: no project is made of a deal that is not won.',
        }),
      ];
