"""Chinese phrases and what they are signs of, folded: half-width letters and signs.

Chinese verbs do not bend, so a bare verb says nothing about time: only verbs with a word that says "already" or "has
come to its end" are taken as said to be done.  Those are made from the verbs here, not written one by one.
"""

from collections.abc import Iterable, Mapping

from reporting_governance.core.reading_claims.signs import Sign


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.replace("_", " ") for phrase in text.split())  # `_` is a blank inside a phrase


def _ended(verbs: str) -> tuple[str, ...]:
    """Return the forms of each verb that say that it has come to its end: what is so is done, not only changed."""
    before, after = ("", "已", "已经", "都已", "均已", "全部"), ("完毕", "完成", "完成了")
    return tuple(f"{each}{verb}{end}" for verb in verbs.split() for each in before for end in after)


def _done(verbs: str) -> tuple[str, ...]:
    """Return the forms of each verb that say it has been done."""
    before = ("已", "已经", "都已", "均已", "全部已", "成功")
    after = ("了", "好了", "完了", "成功", "到了", "过了")
    ended = ("好", "完", "掉", "过")  # without a word for "already" these may tell of a condition
    return tuple(
        form
        for verb in verbs.split()
        for form in (
            *(f"{each}{verb}" for each in before),
            *(f"{verb}{each}" for each in after),
            *(f"{word}{verb}{each}" for word in ("已", "已经", "都", "也") for each in after + ended),
            f"已_{verb}".replace("_", " "),
            f"已经_{verb}".replace("_", " "),
            f"{verb}_了".replace("_", " "),
        )
    )


#: said of the task itself, or of all of it
_WHOLE = _phrases("""
    任务完成 任务已完成 任务已经完成 任务完成了 任务都完成了 任务结束 任务已结束 全部完成 已全部完成 全部完成了
    已经全部完成 全部做完 全部做完了 都做完了 都完成了 都已完成 都已经完成 全都完成 全都完成了 全部搞定 都搞定了
    全部结束 收工 大功告成 都办完了 全部办完 所有任务完成 所有工作完成 工作已完成 工作已经完成 工作完成了
    工作全部完成 子任务已完成 子任务完成 全部实现 已全部实现 已经全部实现 全部就绪 一切就绪 全部开发完成
    已经全部开发完成 已全部开发完成 没有遗留 没有剩余工作 可以交付 已全部交付 全部修复 已全部修复 都修好了
    都处理完了 全部处理完 已全部处理 全弄好了 都弄好了 都弄完了 全部搞定了 已全部搞定 一切正常 全部改好 都改好了
    全部弄好 全部落地 都跑通了 没有待办 均已完成 都做好了 全部上传完毕 可以划掉了 可以关闭了 可以_close_了
    可以关单了 任务关闭 任务做完 任务做完了 全部处理完了 任务已关闭
""")

_DONE = _phrases("""
    完成了 已完成 已经完成 搞定 搞定了 做完了 做完 弄完了 弄好了 完工 完毕 已结束 已经结束 结束了 写完了 做好了
    已做完 已经做完 已搞定 处理完了 处理完毕 已处理完 顺利完成 成功完成 圆满完成 已写完 写好了 已写好 已经写好了
    已经写好 订好了 已就绪 完成啦 好了 办好了 办完了 已关闭 完成✅ 搞好了 开发完成 完成交付 完成 已完成了 已经完成了
    也完成了 只完成了 目前完成了 部分完成了 仅完成了 只做完了 没问题了 可以了 可以用了 能用了 能正常使用了
    正常工作了 ready_了 done_了 已_done 准备好了 已准备好 已经准备好 已经准备好了 顺利结束 已顺利结束 都弄好
    翻译好了 完了
""")

_MENDED = (
    *_done(
        """
        修复 实现 解决 上线 部署 合并 迁移 发布 交付 修 改正 merge deploy fix 修正 排除 重构完 上传 安装 搭建 配置好
        接入 打通 转换 预订
        """
    ),
    *_phrases(
        """
        改好了 已改好 改完了 已经改掉 已改掉 修好 已修好 已经修好 都修好 已落地 处理好了 已处理好 已处理 已经处理
        修复完毕 改造完成 修好了 已经修好了 已同步 通知到了 都通知到了 跑通了 上传完毕
        """
    ),
)

_CHANGED = (
    *_done(
        """
        添加 新增 更新 修改 增加 删除 去掉 替换 调整 改 改成 改为 重命名 重构 创建 写 移动 处理 迁 换 搭 补 回退
        核对 归档 发送 清理 翻译 提交 整理 优化 补充 拆分 移除 生成 refactor
        """
    ),
    *_phrases(
        """
        改成了 改为了 换成了 调到 刚开始写 加了 加上了 降到 已改名 已经改到 改到 订了 发了 推送了 已生成 已发送
        发出去了 已预约 提交了 开了
        """
    ),
)

#: a change that has come to its end is a thing that is done
_ENDED = (
    *_ended(
        """
        更新 修改 调整 重构 翻译 整理 优化 清理 替换 核对 升级 改造 编写 校对 迁移 部署 改写 导入 导出 添加 新增 删除
        创建
        配置 补充 拆分 移除 生成 归档 重命名 修复 实现 发布 合并 安装 搭建 接入 转换 开发 改 处理
        """
    ),
    *(
        f"{verb}{end}"
        for verb in "更新 修改 调整 重构 翻译 整理 优化 清理 替换 核对 升级 改造".split()
        for end in ("完了", "好了")
    ),
)

_LOOKED = (
    *_done(
        """
        查 看 检查 分析 定位 调查 找到 发现 查明 查清 弄清 确认 收集 测 跑 读 对比 验证 测量 复现 排查 查看 调研 试
        阅读 审阅 梳理 统计 下载 抓取
        review
        """
    ),
    *_phrases(
        """
        找到了 找到原因 跑了一遍 查了一下 看了一下 跑过 试过了 都试过了 都看过了 看过了 排查到 发现了 发现 定位到
        读完了 重现了
        """
    ),
)

#: bare verbs; "已" a few letters before them says that they are done ("已按描述实现")
_MENDED_IF_PAST = _phrases("实现 完成 修复 解决 上线 部署 合并 迁移 发布 交付 处理 结束 搞定")
_CHANGED_IF_PAST = _phrases(
    "更新 归档 核对 关机 添加 删除 替换 修改 调整 补充 清理 整理 提交 推送 重命名 发送 生成 移除 回退 改名"
)

_ONGOING = _phrases("""
    正在 进行中 还在 处理中 仍在 开发中 下载中 上传中 进行到 继续处理 正在处理 还在跑 目前在 测试中
    刚开始 进行得 推进中 完成了一半 做了一半 进度 还在弄 还在写 还在看 还在改 在看 在改 达成 打了 翻了
""")

_CHECK = _phrases("""
    测试 测试中有 用例 单测 单元测试 集成测试 端到端测试 回归测试 构建 编译 检查 类型检查 流水线 测试用例 全部测试
    所有测试
    冒烟测试 静态检查
""")

_PASS = _phrases("""
    通过 通过了 全部通过 都通过 都通过了 都过了 全过 过了 已通过 已经通过 已全部通过 已经全部通过 全绿 全部成功
    没有报错 无报错 0失败 没有失败 无失败 全部_pass 都_pass 也都_pass 跑通 能过 能通过 可以通过 零失败 均通过
    均已通过 无错误 没有错误 不再失败 不再报错 构建成功 编译成功 绿的 是绿的 变绿 绿了
""")

_GREEN = _phrases("测试全部通过 测试都通过了 测试都过了 测试通过了 测试已通过 测试全过 测试通过")

_FAIL = _phrases("""
    红了 又红 是红的 红的 失败 没有通过 没通过 未通过 不通过 报错 挂了 没过 还在报 过不了 跑不过 报证书错误 还没通过
    还没有通过
    还没过 尚未通过 仍未通过
""")

_ERRORS = ("错误",)

_DISPATCHED = _phrases("""
    已派发 已经派发 派发给 已交给 已经交给 交给了 已转交 已委派 委派给 已分派 已提交到 已经提交到 已派给 派给了
    已转给 转给了 已安排给 已启动子 已经启动 已启动 已经_spawn spawn_了 已_spawn 派了 已下发 已分配给 已经分配给
    已投递 已经转给 已转交给 已经转交 已交由 已经交由 已安排为
""")

_HANDED = _phrases("发给 提交给 交给 启动 派出 安排 分配给")
_WORKER = _phrases("子代理 代理 子任务 队列 后台 服务器 worker agent 子进程 智能体 sub-agent 助手 任务")

_FORWARDED = _phrases("已转发 已经转发 转发给你 结果发给你了 已把结果发到 已将结果转 结果已转达 已转达")
_RESULT = _phrases("结果 报告 结论 摘要 总结 答复 产出")

_NEGATION = _phrases("""
    没有 没 未 尚未 还没 还没有 不 无法 没能 并未 并没有 不是 不能 未能 不算 从未 没法 无 谈不上 不敢 什么都没 没在
""")

_INTENT = _phrases("""
    会 将 要 打算 计划 准备 争取 尽快 马上 需要 必须 想 希望 目标 请 待 为了 保证 确保 即将 以便 务必 尽量 要我 力争
    应当 再汇报 再看 再跑 尝试 才能 待办 截止 提醒 建议 让 之前 预计 开始 便于 定义 标记为 去跑 等待 可以 给我 宣布
    最好
""")

_HEDGE = _phrases("""
    应该 可能 大概 似乎 好像 看起来 看上去 估计 我觉得 我认为 也许 或许 我想 恐怕 据我所知 理论上 不确定 看样子 多半
    想必 按理 按理说 不出意外 貌似 感觉 疑似 大概率 应当 不敢保证 不出意外的话 八九不离十 我猜
""")

_DEGREE = _phrases("基本 基本上 大致 差不多 差不多都 大体 大体上 主体")

_ALMOST = _phrases("快好了 快完成 快要 接近完成 差一点 快做完 快弄好 即将完成 马上就好 快写完 就快 快 差点 接近 一半")

_CONDITION = _phrases("""
    如果 若 假如 一旦 只要 除非 要是 才算 的话 等我 等它 等测试 等结果 等你 之后才 是否 之后你 之后再 取决于 后再
    前提 当且仅当 满足 等_ci 等ci 直到 等到 就表示 才会 还没等 假设 倘若 只有 出来后 就算 之后 以后
""")

_REPORTED = _phrases(
    "由 据说 据了解 听说 说 表示 声称 告诉 写着 写道 提到 反馈 据说 宣称 打印 叫 问 显示 回复说 写的是 认为 标着 称"
)

_QUESTION = _phrases("吗 有没有 什么时候 哪个 哪里 怎么 能否 可否 可不可以 完成了没有 好了没有 呢")

_PART = _phrases("""
    部分 大部分 绝大部分 大多 一大半 大半 过半 八成 第一部分 第二部分 一部分 第一阶段 第二阶段 第三阶段 阶段 一半
    只完成了 目前完成了
    部分完成了 仅完成了 只做完了 分片 号分片 前半 后半 除了 这一步 第一步 第二步 第三步 其中 上半 下半 初步 另外
    其余 以外 暂时 到目前为止 除 初稿 草稿 骨架 初版 雏形 里程碑 最后两步
""")

_OPEN = _phrases("""
    未完成 没有完成 还没有完成 没完成 尚未完成 还没完成 没做完 还没做完 剩下 剩余 还剩 还需 还需要 待完成 尚未
    还没有做 没有做 还没做 还差 还没有改 还没改 没有改动 没有解决 还没有解决 还没解决 没有修复 尚未修复 未修复
    未解决 待办 还有一些 只剩 仅剩 就剩 还要 没能完成 不完整 阻塞 仍需 未开始 尚未开始 还没开始 没有开始 仍未 还没
    还没有 卡在
    待处理 没弄完 没写完 后续还 还没写 没写 还有两个 还差一 还没弄 没跑完 还有几 要等 得等 还得
""")

_PLAN = _phrases("""
    接下来 下一步 下一步是 我会先 随后 我再 然后我会 继续处理 我打算 我准备 计划先 然后再 明天会 下面开始 下面要
    我会继续
    我将继续 我先 之后我会 稍后 再换一种 再试一次 next_step_是 next_step_就是 接着 继续做 准备开始 还会继续 下一阶段
    明天继续 我会 明天做 明天再做 明天再 明天开始 明天上午 明天下午 今晚再 晚点再
""")
_AGAIN = _phrases(
    "再汇报 下次汇报 下次更新 下一次汇报 马上汇报 后汇报 再更新 再向你汇报 时汇报 后再报告 再同步 会再报告 再报告"
)

_NEED = _phrases("""
    需要你 请你 不需要你 无需你 需要人工 不需要人工 无需人工 需要操作员 不需要任何操作 无需任何操作 请发给我 请提供
    请确认 请批准 请授权 等你确认 等你决定 需要授权 需要你处理 请更新 你不用 不用你 请选择 由你决定 麻烦你 请在
    请加上 请补充 请帮忙 请审批 请重启 请运行
""")

_STATE = _phrases("""
    还在排队 还在等 还在等待 目前 当前 还在 进行中 等待 阻塞 暂停 排队 正在 卡住 状态
    仍在 空闲 进行到 进度 正在等 正在等待 正在运行 运行中
""")

#: what holds the letters of a sign and says something else
_NEUTRAL = _phrases("""
    没问题 不需要 无需 不用 不客气 会议 会话 机会 会员 社会 主要 重要 概要 摘要 要点 只要求 再说 说明 来说 小说 说法
    不要紧 要求 完成度 完成情况 的完成 将来 想法 不错 不过 不好意思 不同 不少 未来 未必 需求 必要 要么 请求 请问
    无论 不稳定 不止 没有问题 没什么问题 别名 区别 类别 级别 特别 个别 别的 不仅 不但 快照 快捷 快速 加快 尽快 愉快
    凉快 叫我 问题 提问 访问 疑问 不管 称呼 名称 简称 全称 对称 没错 无误 无缝 不变 测试环境 测试服务器 测试数据
    已知 通过率 通过接口 通过调用 通过缓存 通过后台 通过邮件 通过这个 通过以下 通过配置 通过设置 改成分 检查点
    检查一下 看一下 刚开始有 刚开始时 刚开始的 显示器 会计 说完 部分地 收到 好了吗 让步 就可以了 就行了 就好了 即可
    差不多了解 待遇 招待 无线
    无限 不限 部分原因 等等 开始时间 可以正常 显示了 显示为 小部分原因 更新日志 说起来 错别字 你要的 需要的 想要的
    要的 计划里 计划中 计划的 按计划 原计划 由我 由于 理由 自由 由此 不过要 不出 第二天
""")

CHINESE: Mapping[Sign, Iterable[str]] = {
    Sign.WHOLE: _WHOLE,
    Sign.DONE: (*_DONE, *_ENDED),
    Sign.MENDED: _MENDED,
    Sign.MENDED_IF_PAST: _MENDED_IF_PAST,
    Sign.CHANGED_IF_PAST: _CHANGED_IF_PAST,
    Sign.CHANGED: _CHANGED,
    Sign.LOOKED: _LOOKED,
    Sign.ONGOING: _ONGOING,
    Sign.CHECK: _CHECK,
    Sign.PASS: _PASS,
    Sign.GREEN: _GREEN,
    Sign.FAIL: _FAIL,
    Sign.ERRORS: _ERRORS,
    Sign.DISPATCHED: _DISPATCHED,
    Sign.HANDED: _HANDED,
    Sign.WORKER: _WORKER,
    Sign.RESULT: _RESULT,
    Sign.FORWARDED: _FORWARDED,
    Sign.NEGATION: _NEGATION,
    Sign.INTENT: _INTENT,
    Sign.HEDGE: _HEDGE,
    Sign.DEGREE: _DEGREE,
    Sign.ALMOST: _ALMOST,
    Sign.CONDITION: _CONDITION,
    Sign.REPORTED: _REPORTED,
    Sign.QUESTION: _QUESTION,
    Sign.PART: _PART,
    Sign.OPEN: _OPEN,
    Sign.PLAN: _PLAN,
    Sign.AGAIN: _AGAIN,
    Sign.NEED: _NEED,
    Sign.STATE: _STATE,
    Sign.NEUTRAL: _NEUTRAL,
}
