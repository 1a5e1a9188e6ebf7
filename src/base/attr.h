/* Compiler attributes that the code base leans on; nothing else. */
#ifndef SP_BASE_ATTR_H
#define SP_BASE_ATTR_H

#define SP_MUST_CHECK __attribute__((warn_unused_result))
#define SP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define SP_NORETURN __attribute__((noreturn))
/* Lets the compiler see that after a failure the caller left, so a ret_ output that is used was set. */
#define SP_NEVER_NULL __attribute__((returns_nonnull))
/* SP_CLEANUP(f): when the variable leaves its scope, f(&variable) runs. */
#define SP_CLEANUP(f) __attribute__((cleanup(f)))
#define SP_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* For bugs, never for input: prints file, line and expression, then aborts. Stays in release builds. */
#define sp_assert(cond) ((cond) ? (void)0 : sp_assert_failed(#cond, __FILE__, __LINE__))
SP_NORETURN void sp_assert_failed(const char *expr, const char *file, int line);

#endif
