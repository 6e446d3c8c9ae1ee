import { sleep, type WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** Bundled with the workflows of a test: between the moment a process means to tell another something and the moment it does, a second goes by. */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      signalWorkflow: async (input, next) => {
        await sleep('1 second');
        return await next(input);
      },
    },
  ],
});
