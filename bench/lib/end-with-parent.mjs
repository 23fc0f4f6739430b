// Loaded into every process that the benchmark starts: none of them outlives it, however it ends.
process.on('disconnect', () => process.exit(0));
process.channel?.unref();
