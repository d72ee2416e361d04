/** Set by build.mjs: this is the bundle that the tests drive. */
declare const TEST_DOOR: boolean;
